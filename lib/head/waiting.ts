/** Questions whose answers are not there yet: asked again whenever what they are about changes. */
import type { Clock } from "../runtime/clock.ts";

/** A question that waits. */
export interface Question {
  /** What it is about: `actor/<id>`, `group/<id>`, `job/<id>`. */
  subject: string;
  /** Who asked: with this it is dropped. */
  owner: object;
  /** Answers if it can. @returns whether it has */
  check(): boolean;
  /** When nothing came of it for so long. */
  late?: { ms: number; answer(): void };
}

/** See the top of this file. */
export class Waiting {
  #questions = new Map<string, Map<Question, () => void>>();

  constructor(readonly clock: Clock) {}

  /** Number of questions that wait. */
  get size(): number {
    return [...this.#questions.values()].reduce((sum, about) => sum + about.size, 0);
  }

  /** What is waited for, and by how many questions. */
  subjects(): [subject: string, count: number][] {
    return [...this.#questions].map(([subject, about]) => [subject, about.size]);
  }

  /** Answers at once, or keeps the question. */
  ask(question: Question): void {
    if (question.check()) return;
    const { subject, late } = question;
    const about = this.#questions.get(subject) ?? new Map<Question, () => void>();
    this.#questions.set(subject, about);
    const stop = late
      ? this.clock.after(late.ms, () => {
        this.#remove(question);
        if (!question.check()) late.answer();
      })
      : () => {};
    about.set(question, stop);
  }

  /** Something about it changed. */
  look(subject: string): void {
    for (const question of [...this.#questions.get(subject)?.keys() ?? []]) {
      if (question.check()) this.#remove(question);
    }
  }

  /** Forgets what `owner` asked, or everything. */
  drop(owner?: object): void {
    for (const about of [...this.#questions.values()]) {
      for (const question of [...about.keys()]) {
        if (owner === undefined || question.owner === owner) this.#remove(question);
      }
    }
  }

  #remove(question: Question): void {
    const about = this.#questions.get(question.subject);
    about?.get(question)?.();
    about?.delete(question);
    if (about?.size === 0) this.#questions.delete(question.subject);
  }
}
