const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether a URL's `hostname` is this machine, by what it is called. */
export const isLoopback = (hostname: string): boolean => LOOPBACK.test(hostname);

/** Whether nobody can read on the way what goes there: by https, or by http that doesn't leave this machine. */
export const isSecure = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
