import { z } from 'zod';

const endpoint = z.url({ protocol: /^https?$/, error: 'expected an http or https URL, such as http://localhost:4318' });
const protocol = z.literal('http/protobuf', { error: 'expected http/protobuf, the only one there is' });

/** What decides whether there are traces, and what would make them go nowhere. Everything else in `OTEL_*` the OpenTelemetry SDK reads itself. */
export const otelVariables = {
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint.optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: protocol.optional(),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol.optional(),
  OTEL_TRACES_EXPORTER: z.enum(['otlp', 'none'], { error: 'expected otlp or none' }).default('otlp'),
  OTEL_SDK_DISABLED: z.string().optional(),
};

type OtelVariables = z.output<z.ZodObject<typeof otelVariables>>;

/** OpenTelemetry itself takes localhost for the default endpoint; here nothing is sent that nobody has asked for. */
export function isTracing(variables: OtelVariables): boolean {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: common, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own } = variables;
  const isOff = variables.OTEL_TRACES_EXPORTER === 'none' || variables.OTEL_SDK_DISABLED?.toLowerCase() === 'true';
  return (common ?? own) !== undefined && !isOff;
}
