import { call, Fault, type Command, type Request, type Response } from '../api/client';
import type {
  BundleDiff,
  BundleMaterials,
  CidAgreement,
  ContractPlan,
  ContractReport,
  MinedTransaction,
  MasterSample,
  PreparedTransaction,
  Withdrawal,
} from '../api/generated';

/** A question about a bundle that is worth asking only when somebody wants to know: every byte of it may be read. */
export class Asked<Answer> {
  asking = $state(false);
  answer = $state.raw<Answer | null>(null);
  fault = $state.raw<Fault | null>(null);

  /** Asks; an answer that comes after the bundle has changed is nobody's. */
  async ask(question: () => Promise<Answer>): Promise<void> {
    this.forget();
    await this.again(question);
  }

  /** Asks anew; what was said before stands until then. */
  async again(question: () => Promise<Answer>): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    this.asking = true;
    this.fault = null;
    try {
      const answer = await question();
      if (asked === this.#asked) {
        this.answer = answer;
      }
    } catch (thrown) {
      if (asked === this.#asked) {
        this.fault = Fault.of(thrown);
      }
    } finally {
      if (asked === this.#asked) {
        this.asking = false;
      }
    }
  }

  /** What was said is about another bundle. */
  forget(): void {
    this.asking = false;
    this.answer = null;
    this.fault = null;
    this.#asked += 1;
  }

  #asked = 0;
}

export const agreement = new Asked<CidAgreement>();
export const materials = new Asked<BundleMaterials>();
export const withdrawal = new Asked<Withdrawal>();
export const changes = new Asked<BundleDiff>();
export const plan = new Asked<ContractPlan>();
export const dryRun = new Asked<PreparedTransaction>();
export const deployed = new Asked<MinedTransaction>();
export const chain = new Asked<ContractReport>();
export const act = new Asked<PreparedTransaction>();
export const acted = new Asked<MinedTransaction>();
export const sample = new Asked<MasterSample>();

/** One of the questions, ready to be asked. */
export const question =
  <C extends Command>(command: C, request: Request<C>) =>
  (): Promise<Response<C>> =>
    call(command, request);
