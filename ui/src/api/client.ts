import { host } from '../host';
import type { ApiError, Commands, ErrorCode } from './generated';

export type Command = keyof Commands;
export type Request<C extends Command> = Commands[C]['request'];
export type Response<C extends Command> = Commands[C]['response'];

/** A command that failed: what happened, what to do next, and a code the interface can act on. */
export class Fault extends Error {
  override readonly name = 'Fault';

  constructor(
    /** `unreachable` is ours: the studio could not be asked at all. */
    readonly code: ErrorCode | 'unreachable',
    message: string,
    readonly hints: readonly string[] = [],
  ) {
    super(message);
  }

  /** Whatever was thrown, as a fault. */
  static of(thrown: unknown): Fault {
    if (thrown instanceof Fault) {
      return thrown;
    }
    if (isApiError(thrown)) {
      return new Fault(thrown.code, thrown.message, thrown.hints);
    }
    if (thrown instanceof TypeError) {
      return new Fault('unreachable', 'The studio does not answer.', [
        'Check that it is still running; this page connects again by itself.',
      ]);
    }
    return new Fault('unreachable', thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function isApiError(thrown: unknown): thrown is ApiError {
  return (
    typeof thrown === 'object' &&
    thrown !== null &&
    'code' in thrown &&
    'message' in thrown &&
    'hints' in thrown
  );
}

/** Carries out a command. Rejects with a {@link Fault}. */
export async function call<C extends Command>(command: C, request: Request<C>): Promise<Response<C>> {
  try {
    return (await host.call(command, request)) as Response<C>;
  } catch (thrown) {
    throw Fault.of(thrown);
  }
}
