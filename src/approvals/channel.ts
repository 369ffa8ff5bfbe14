/** Where a notice can be delivered. The address is a secret: who knows a webhook's URL can write there. */
export interface Channel {
  /** `webhook`: the notice as JSON; `slack`: what Slack and its lookalikes take. */
  readonly type: 'webhook' | 'slack';
  readonly url: { readonly $secret: string };
  /** Sent along, such as `Authorization`. */
  readonly headers: Readonly<Record<string, string | { readonly $secret: string }>>;
}
