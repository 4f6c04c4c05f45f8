/** How much the logs of a node may take, from the one number that a person gives. */

const KIB = 2 ** 10;
const MIB = 2 ** 20;

/** What all logs of a node may take where nobody said, in bytes. */
export const LOG_MAX_BYTES = 1024 * MIB;
/** Less is of no use: the last words of a death are 64 KiB. */
export const LEAST_LOG_MAX_BYTES = 16 * MIB;

/** Each in bytes. */
export interface LogBounds {
  /** Each of the two generations of the logs of daemon and head. */
  own: number;
  /** Each of the two output files of a worker that runs. */
  worker: number;
  /** All output of workers that have ended. */
  ended: number;
  /** The output of one submitted job. */
  job: number;
  /** The output of all jobs that have ended. */
  jobs: number;
}

/** The bounds that follow from `max` bytes for all. */
export function logBounds(max = LOG_MAX_BYTES): LogBounds {
  const part = (share: number, most: number) =>
    Math.max(256 * KIB, Math.min(most, Math.floor(max / share)));
  return {
    own: part(64, 16 * MIB),
    worker: part(32, 32 * MIB),
    ended: Math.floor(max / 2),
    job: part(4, 256 * MIB),
    jobs: Math.floor(max / 2),
  };
}
