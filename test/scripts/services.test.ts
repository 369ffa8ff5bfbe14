import { expect, test } from 'vitest';
import { withoutSettings } from '../../scripts/services.ts';

test("the demo's worker gets none of the settings meant for another, nor a CI's BUILD_ID, but may log and trace as told", () => {
  const kept = {
    PATH: '/bin',
    HOME: '/root',
    LOG_LEVEL: 'debug',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318',
  };
  const settings = {
    BUILD_ID: '77',
    DEPLOYMENT_NAME: 'shop',
    HEALTH_ADDRESS: '127.0.0.1:8080',
    ALGOLIA_API_KEY_FILE: '/run/key',
    APPROVAL_POLICIES: 'policies.yaml',
    TEMPORAL_CODEC_KEYS: 'k1:…',
    TEMPORAL_PROFILE: 'production',
    SECRET_SHOP: 'swordfish',
  };
  expect(withoutSettings({ ...kept, ...settings })).toEqual(kept);
});
