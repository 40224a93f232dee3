import '@fontsource-variable/inter/wght.css';
import '@fontsource/jetbrains-mono/latin-400.css';
import './shared/tokens.css';
import './shared/base.css';

import { mount } from 'svelte';

import type { Command } from './api/client';
import { events } from './api/events.svelte';
import { library } from './api/library.svelte';
import { project } from './api/project.svelte';
import { visit } from './api/visit.svelte';
import { approvals } from './approve/approvals.svelte';
import { bundles } from './export/bundles.svelte';
import { publishing } from './export/publishing.svelte';
import { curation } from './grid/curation.svelte';
import { details } from './grid/details.svelte';
import { imports } from './import/imports.svelte';
import { shelf } from './models/shelf.svelte';
import { queue } from './queue/queue.svelte';
import { saved } from './saved/saved.svelte';
import { judge } from './judge/judge.svelte';
import { jury } from './jury/jury.svelte';
import { look } from './shared/remembered.svelte';
import { styled } from './shared/styled';
import { balance } from './traits/balance.svelte';
import { rarity } from './traits/rarity.svelte';
import { schemas } from './traits/schema.svelte';
import { table } from './traits/table.svelte';
import Door from './views/Door.svelte';

const target = document.getElementById('app');
if (target === null) {
  throw new Error('index.html has no #app');
}

look.apply();
await styled();
await visit.begin();
if (visit.over === null) {
  /** Every store, with the command it lives on: a guest whom that is closed to has no use for it. */
  const stores: readonly (readonly [Command, { start(): void }])[] = [
    ['project_status', project],
    ['loras', library],
    ['queue_status', queue],
    ['candidate_ids', curation],
    ['candidate', details],
    ['approvals', approvals],
    ['bundles', bundles],
    ['publications', publishing],
    ['saved_recipes', saved],
    ['add_model', shelf],
    ['watched_folders', imports],
    ['rounds', jury],
    ['judge_status', judge],
    ['trait_schema', schemas],
    ['trait_table', table],
    ['rarity', rarity],
    ['balance', balance],
  ];
  for (const [command, store] of stores) {
    if (visit.may(command)) {
      store.start();
    }
  }
  events.start();
}
mount(Door, { target });
