import { call, Fault } from '../api/client';
import { events } from '../api/events.svelte';
import type {
  GatewayCheck,
  GatewayReport,
  Publication,
  PublicationPlan,
  PublicationProgress,
  PublishDestination,
  VerifyGateway,
} from '../api/generated';
import { attempt } from '../api/project.svelte';
import { toasts } from '../shared/toasts.svelte';

/** Publications: what would be sent, what is on its way, what has arrived, and what a gateway has of it. */
class Publishing {
  all = $state.raw<readonly Publication[]>([]);
  /** How looks through gateways ended. */
  checks = $state.raw<readonly GatewayCheck[]>([]);
  /** What somebody is asked to agree to, and where it would go. */
  plan = $state.raw<PublicationPlan | null>(null);
  running = $state(false);
  looking = $state(false);
  progress = $state.raw<PublicationProgress | null>(null);
  fault = $state.raw<Fault | null>(null);
  found = $state.raw<GatewayReport | null>(null);
  lookFault = $state.raw<Fault | null>(null);
  /** The publication that is being forgotten: a store may have to be told first. */
  forgetting = $state<number | null>(null);
  /** The one that was not, since its store may still have parts of it, and why. */
  left = $state.raw<{ publication: number; fault: Fault } | null>(null);

  #destination: PublishDestination | null = null;

  start(): void {
    events.on('publication_progress', (progress) => {
      this.progress = progress;
    });
  }

  async read(): Promise<void> {
    this.all = (await attempt('publications', {})) ?? this.all;
    this.checks = (await attempt('gateway_checks', {})) ?? this.checks;
  }

  /** What was planned or found is about another bundle or place. */
  forget(): void {
    this.plan = null;
    this.fault = null;
    this.found = null;
    this.lookFault = null;
  }

  /** Asks what would be sent; nothing leaves by that. A key that is given is kept first. */
  async ask(bundle: number, destination: PublishDestination, key: string): Promise<void> {
    this.plan = null;
    this.fault = null;
    try {
      if (key !== '') {
        await call('set_publication_key', { address: destination.address, key });
      }
      this.plan = await call('plan_publication', { bundle, destination });
      this.#destination = destination;
    } catch (thrown) {
      this.fault = Fault.of(thrown);
    }
  }

  /** Sends what was agreed to: the plan that is shown. */
  async send(atMost: number | null): Promise<void> {
    const [plan, destination] = [this.plan, this.#destination];
    if (plan === null || destination === null) {
      return;
    }
    const { bundle, host, root_cid, bytes } = plan;
    await this.#run(() =>
      call('publish', {
        bundle,
        destination,
        consent: { host, root_cid, bytes },
        ...(atMost === null ? {} : { at_most: atMost }),
      }),
    );
  }

  async goOn(publication: number): Promise<void> {
    await this.#run(() => call('resume_publication', { publication }));
  }

  /** Forgets a publication; the store is told to drop the parts of an unfinished upload, unless they are to be left. */
  async forgetOne(publication: number, leaveParts = false): Promise<void> {
    this.forgetting = publication;
    this.left = null;
    this.fault = null;
    this.progress = null;
    try {
      this.all = await call('forget_publication', { publication, leave_parts: leaveParts });
    } catch (thrown) {
      const fault = Fault.of(thrown);
      if (fault.code === 'parts_left') {
        this.left = { publication, fault };
      } else if (fault.code !== 'cancelled') {
        this.fault = fault;
      }
    } finally {
      this.forgetting = null;
    }
  }

  async cancel(): Promise<void> {
    await attempt('cancel_publication', {});
  }

  /** Asks a gateway for everything, and nobody else. */
  async look(request: VerifyGateway): Promise<void> {
    this.looking = true;
    this.progress = null;
    this.found = null;
    this.lookFault = null;
    try {
      this.found = await call('verify_gateway', request);
    } catch (thrown) {
      const fault = Fault.of(thrown);
      this.lookFault = fault.code === 'cancelled' ? null : fault;
    } finally {
      this.looking = false;
      await this.read();
    }
  }

  async #run(work: () => Promise<Publication>): Promise<void> {
    this.running = true;
    this.progress = null;
    this.fault = null;
    try {
      const done = await work();
      this.plan = null;
      toasts.say(`${done.host} has it: ${done.said}.`);
    } catch (thrown) {
      const fault = Fault.of(thrown);
      this.fault = fault.code === 'cancelled' ? null : fault;
      this.plan = null;
      if (fault.code === 'cancelled') {
        toasts.say('Stopped; what has arrived stays there, and it can go on.');
      }
    } finally {
      this.running = false;
      await this.read();
    }
  }
}

export const publishing = new Publishing();
