import { retryDelay } from './backoff';
import type { Guest, Host, Listener } from './host';

const TOKEN_KEY = 'salon-token';

/** Takes the access token out of the address, so that it is neither bookmarked nor copied along. */
function takeToken(): string {
  const address = new URL(window.location.href);
  const given = address.searchParams.get('token');
  if (given === null) {
    return sessionStorage.getItem(TOKEN_KEY) ?? '';
  }
  sessionStorage.setItem(TOKEN_KEY, given);
  address.searchParams.delete('token');
  window.history.replaceState(window.history.state, '', address);
  return given;
}

/** A browser that talks to `salon serve`. */
export function webHost(): Host {
  const token = takeToken();
  const key = token === '' ? '' : `token=${encodeURIComponent(token)}`;

  return {
    async call(command, request) {
      const headers = new Headers({ 'Content-Type': 'application/json' });
      if (token !== '') {
        headers.set('Authorization', `Bearer ${token}`);
      }
      const response = await fetch(`/api/${command}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(request),
      });
      const text = await response.text();
      if (response.ok) {
        return JSON.parse(text) as unknown;
      }
      // The studio answers with its error object; the server in front of it with a line of text.
      const refusal = parsed(text);
      if (refusal === null && response.status === 401) {
        throw new Error('This address lacks the access token: open the one that `salon serve` printed.');
      }
      throw refusal ?? new Error(text.trim() || `${command}: the studio answered ${String(response.status)}`);
    },

    async guest() {
      // Whoever has the token sits at the studio.
      if (token !== '') {
        return null;
      }
      const response = await fetch('/session');
      const told = parsed(await response.text());
      // Only the door for guests knows that address; the other answers with the page, as for any other.
      if (told === null) {
        return null;
      }
      if (!response.ok) {
        throw told as Error;
      }
      return told as Guest;
    },

    async upload(file) {
      const headers = new Headers({ 'Content-Type': 'application/octet-stream' });
      if (token !== '') {
        headers.set('Authorization', `Bearer ${token}`);
      }
      const address = `/upload?name=${encodeURIComponent(file.name)}`;
      const response = await fetch(address, { method: 'POST', headers, body: file });
      const text = await response.text();
      if (response.ok) {
        return JSON.parse(text) as { candidate: number; known: boolean };
      }
      throw parsed(text) ?? new Error(text.trim() || `${file.name}: answered ${String(response.status)}`);
    },

    listen(listener: Listener) {
      let socket: WebSocket | null = null;
      let timer: number | undefined;
      let failures = 0;
      let stopped = false;

      const connect = () => {
        const scheme = window.location.protocol === 'https:' ? 'wss' : 'ws';
        const opened = new WebSocket(`${scheme}://${window.location.host}/events?${key}`);
        socket = opened;
        opened.onopen = () => {
          failures = 0;
          listener.link('open');
        };
        opened.onmessage = (message) => {
          const event = parsed(String(message.data));
          if (event !== null) {
            listener.event(event);
          }
        };
        opened.onclose = () => {
          if (stopped) {
            return;
          }
          listener.link('lost');
          timer = window.setTimeout(connect, retryDelay(failures));
          failures += 1;
        };
      };
      const hurry = () => {
        if (socket?.readyState === WebSocket.CLOSED) {
          window.clearTimeout(timer);
          connect();
        }
      };

      listener.link('connecting');
      connect();
      window.addEventListener('online', hurry);
      return () => {
        stopped = true;
        window.clearTimeout(timer);
        window.removeEventListener('online', hurry);
        socket?.close();
      };
    },

    address: (path) => (key === '' ? `/${path}` : `/${path}${path.includes('?') ? '&' : '?'}${key}`),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
