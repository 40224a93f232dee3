import { convertFileSrc, invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';

import type { Host, Listener, PathListener } from './host';

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
    listenForPaths(listener: PathListener) {
      let stopped = false;
      const stops: (() => void)[] = [];
      const on = <Payload>(name: string, heard: (payload: Payload) => void) => {
        void listen<Payload>(name, (event) => {
          heard(event.payload);
        }).then((stop) => {
          if (stopped) {
            stop();
          } else {
            stops.push(stop);
          }
        });
      };
      on('tauri://drag-enter', () => {
        listener.over(true);
      });
      on('tauri://drag-leave', () => {
        listener.over(false);
      });
      on<{ paths: string[]; position: { x: number; y: number } }>(
        'tauri://drag-drop',
        ({ paths, position }) => {
          listener.over(false);
          // Positions come in the screen's own pixels.
          const scale = window.devicePixelRatio || 1;
          listener.drop(paths, position.x / scale, position.y / scale);
        },
      );
      return () => {
        stopped = true;
        for (const stop of stops) {
          stop();
        }
      };
    },
    address: (path) => base + path,
    chooseFolder: (title) => invoke<string | null>('choose_folder', { title }),
    chooseFile: (title, kind, endings) => invoke<string | null>('choose_file', { title, kind, endings }),
  };
}
