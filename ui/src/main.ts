import '@fontsource-variable/inter/wght.css';
import '@fontsource/jetbrains-mono/latin-400.css';
import './shared/tokens.css';
import './shared/base.css';

import { mount } from 'svelte';

import { events } from './api/events.svelte';
import { library } from './api/library.svelte';
import { project } from './api/project.svelte';
import { approvals } from './approve/approvals.svelte';
import { bundles } from './export/bundles.svelte';
import { curation } from './grid/curation.svelte';
import { details } from './grid/details.svelte';
import { imports } from './import/imports.svelte';
import { shelf } from './models/shelf.svelte';
import { queue } from './queue/queue.svelte';
import { saved } from './saved/saved.svelte';
import { jury } from './jury/jury.svelte';
import { look } from './shared/remembered.svelte';
import { styled } from './shared/styled';
import App from './views/App.svelte';

const target = document.getElementById('app');
if (target === null) {
  throw new Error('index.html has no #app');
}

look.apply();
await styled();
for (const store of [
  project,
  library,
  queue,
  curation,
  details,
  approvals,
  bundles,
  saved,
  shelf,
  imports,
  jury,
]) {
  store.start();
}
events.start();
mount(App, { target });
