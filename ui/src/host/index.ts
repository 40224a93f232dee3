import type { Host } from './host';
import { tauriHost } from './tauri';
import { webHost } from './web';

export type { Guest, Host, Link, Listener, PathListener } from './host';

/** The host this page runs in. */
export const host: Host = '__TAURI_INTERNALS__' in window ? tauriHost() : webHost();
