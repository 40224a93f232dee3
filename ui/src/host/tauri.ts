import { convertFileSrc, invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';

import type { Host, Listener } from './host';

/** The desktop window: one command, one event, and pictures through the shell's own protocol. */
export function tauriHost(): Host {
  // `salon://localhost/` here, `http://salon.localhost/` where the webview knows no custom schemes.
  const base = convertFileSrc('', 'salon');
  return {
    call: (command, payload) => invoke('rpc', { command, payload }),
    listen(listener: Listener) {
      let stopped = false;
      let stop = () => {
        stopped = true;
      };
      listener.link('connecting');
      listen('salon-event', (event) => {
        listener.event(event.payload);
      }).then(
        (unlisten) => {
          if (stopped) {
            unlisten();
            return;
          }
          stop = unlisten;
          listener.link('open');
        },
        () => {
          listener.link('lost');
        },
      );
      return () => {
        stop();
      };
    },
    address: (path) => base + path,
    chooseFolder: (title) => invoke<string | null>('choose_folder', { title }),
    chooseFile: (title, kind, endings) => invoke<string | null>('choose_file', { title, kind, endings }),
  };
}
