import { propagation } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';

/**
 * To be loaded before what registers OpenTelemetry's default, for the first one counts: carries on which trace something belongs
 * to, and nothing else. Nobody here reads baggage, and this version of OpenTelemetry reads it without a limit (GHSA-8988-4f7v-96qf).
 */
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
