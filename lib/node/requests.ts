/**
 * What clients ask of the daemon. It answers about itself, its templates and its workers; everything
 * else it passes on to the head as it is, with who asks.
 */
import { LinkClosed, ProtocolError, RequestFailed } from "../wire/errors.ts";
import { type Answer, fieldsOf, type Received } from "../wire/link.ts";
import { type Fields, type Message, PROTOCOL_VERSION, type Reply } from "../wire/messages.ts";
import type { ActorAnswers } from "./actor_answers.ts";
import type { NodeFacts } from "./assignment.ts";
import type { NodeLogs } from "./node_logs.ts";
import type { Client } from "./client.ts";
import type { ClientWords } from "./client_words.ts";
import type { Doctor } from "./doctor.ts";
import { type Drivers, enclosingWorker } from "./drivers.ts";
import type { ObjectPlane } from "./object_plane.ts";
import type { Environments } from "./environments.ts";
import { jobOf, textIn } from "./order.ts";
import type { PackageRequests } from "./package_requests.ts";
import type { Replacement } from "./replacement.ts";
import { sharedMemoryNotice } from "./shared_memory_notice.ts";
import type { TokenKeeper } from "./token_keeper.ts";
import type { Templates } from "./templates.ts";
import type { Workers } from "./workers.ts";

/** What the answers need of the node. */
export interface RequestsHost {
  facts(): NodeFacts;
  workers: Workers;
  templates: Templates;
  drivers: Drivers;
  actors: ActorAnswers;
  objects: Pick<ObjectPlane, "answers" | "processes">;
  /** Where a driver may serve objects. */
  objectSocket(client: Client): string;
  /** Asks the head, however long it takes. */
  ask(
    client: Client,
    message: Message,
    body: Uint8Array,
    signal?: AbortSignal,
    actor_id?: string,
  ): Promise<Answer<"client.request">>;
  /** A driver that was given a job is gone already. */
  driverGone(client: Client, job_id: string, reason: string): void;
  /** Gets a template going for this driver, so that its first worker starts fast. */
  warmUp(facts: Fields<"driver.start">): void;
  packages: PackageRequests;
  environments: Pick<Environments, "jobStarted">;
  info(): Reply<"daemon.info">;
  /** Hands on what workers have printed up to now. */
  passOutput(): void;
  tokens: Pick<TokenKeeper, "create" | "mayManage">;
  /** What is to be told to a driver that comes while the head stays away. */
  awayNotice(): Message<"warn"> | undefined;
  doctor: Pick<Doctor, "answer">;
  logs: Pick<NodeLogs, "answerList">;
  /** Puts another beam in place of this one. */
  replacement: Replacement;
  /** Tells the head what wants no answer. */
  words: ClientWords;
  /** Ends the node once this request is answered. */
  stop(): void;
}

/** See the top of this file. */
export class Requests {
  constructor(readonly host: RequestsHost) {}

  /** Serves one message of a client. @throws {ProtocolError} for one that it may not send. */
  handle(client: Client, received: Received): void {
    const { kind } = received.message;
    if (this.host.objects.answers.handle(client, received)) return;
    switch (kind) {
      case "template.hello":
        return this.#templateHello(client, received);
      case "exited": {
        const { pid, status } = fieldsOf(received, kind);
        if (!client.template) throw new ProtocolError("Only a template reports exits");
        return this.host.workers.exited(client.template, pid, status);
      }
      case "worker.hello":
        return this.#workerHello(client, received);
      case "worker.initialized":
        return this.host.workers.initialized(this.#workerOf(client), fieldsOf(received, kind));
      case "worker.failed":
        return this.host.workers.failed(
          this.#workerOf(client),
          fieldsOf(received, kind),
          received.body,
        );
      case "worker.lend":
        return this.host.workers.lend(this.#workerOf(client), fieldsOf(received, kind));
      case "driver.start":
        return void this.#driverStart(client, received);
      case "driver.end":
        this.host.passOutput(); // of workers that outlive the job; the others' comes with their ends
        return this.#pass(client, received);
      case "package.has":
        return this.host.packages.has(client, received);
      case "package.put":
        return this.host.packages.put(client, received);
      case "actor.locate":
        return this.host.actors.locate(client, received, fieldsOf(received, kind));
      case "actor.report":
        return void this.host.actors.report(client, received, fieldsOf(received, kind));
      case "task.events":
      case "metrics.report":
        return this.host.words.pass(client, received);
      case "daemon.info":
        return client.link.reply(received, kind, this.host.info());
      case "daemon.logs":
        return this.host.logs.answerList(received, kind, client.link);
      case "daemon.doctor":
        return void this.host.doctor.answer(received, kind, client.link);
      case "head.replace":
        return void this.host.replacement.head(client, received);
      case "daemon.replace":
        return this.host.replacement.daemon(client, received);
      case "token.create":
        return void this.host.tokens.create(client, received);
      case "token.list":
      case "token.revoke":
      case "token.rotate":
      case "token.put_out":
        if (!this.host.tokens.mayManage(client, received)) return;
        return this.#pass(client, received);
      case "daemon.stop":
        client.link.reply(received, kind, { workers: this.host.workers.all.length });
        return this.host.stop();
      default:
        return this.#pass(client, received);
    }
  }

  #templateHello(client: Client, received: Received): void {
    const fields = fieldsOf(received, "template.hello");
    if (fields.protocol !== PROTOCOL_VERSION) {
      return client.link.refuse(received, versionFault(fields.protocol));
    }
    client.template = this.host.templates.hello(client.link, fields);
    if (client.template) return client.link.reply(received, "template.hello", {});
    client.link.refuse(
      received,
      new RequestFailed("unknown_template", "Cannot take this process for a template of this node"),
    );
  }

  #workerHello(client: Client, received: Received): void {
    try {
      const fields = fieldsOf(received, "worker.hello");
      const hello = this.host.workers.hello(client.link, fields);
      client.worker = hello.worker;
      if (fields.process) this.host.objects.processes.add(client, fields.process);
      client.link.reply(
        received,
        "worker.hello",
        { assignment: this.host.workers.host.assign(hello.worker) },
        hello.body,
      );
    } catch (error) {
      client.link.refuse(received, error);
    }
  }

  async #driverStart(client: Client, received: Received): Promise<void> {
    const fields = fieldsOf(received, "driver.start");
    if (fields.protocol !== PROTOCOL_VERSION) {
      return client.link.refuse(received, versionFault(fields.protocol));
    }
    if (client.job_id !== undefined) {
      return client.link.refuse(
        received,
        new RequestFailed("bad_request", `Cannot start: this driver has job ${client.job_id}`),
      );
    }
    const { kind: _kind, id: _id, ...facts } = fields as Fields<"driver.start"> & {
      kind?: string;
      id?: number;
    };
    this.host.warmUp(facts);
    for (const notice of [this.host.awayNotice(), sharedMemoryNotice()]) {
      if (notice) client.push(notice);
    }
    const parent = enclosingWorker(fields.pid, (pid) => this.host.workers.byPid(pid));
    const request = {
      ...facts,
      kind: "driver.start" as const,
      ...(parent ? { parent_actor: parent.actor_id } : {}),
    };
    try {
      // Not taken back when the client goes: the head may have made the job by then.
      const answer = await this.host.ask(
        client,
        request,
        received.body,
        undefined,
        parent?.actor_id,
      );
      const { kind: _k, id: _i, ...given } = answer.fields as Record<string, unknown>;
      const job_id = textIn(given, "job_id");
      const namespace = textIn(given, "namespace");
      if (client.link.isClosed) {
        return this.host.driverGone(client, job_id, "the driver was gone before its job began");
      }
      const job = { job_id, client, namespace, facts };
      if (facts.process) this.host.objects.processes.add(client, facts.process);
      client.object_socket = this.host.objectSocket(client);
      this.host.drivers.add(parent ? { ...job, parent_actor: parent.actor_id } : job);
      const own = this.host.facts();
      const begun = jobOf({ ...facts, node_id: own.node_id }, job_id);
      void this.host.environments.jobStarted(begun);
      const dashboard_url = textIn(given, "dashboard_url") || own.dashboard_url;
      const { object_socket } = client;
      const reply = { ...given, ...own, job_id, namespace, dashboard_url, object_socket };
      client.link.reply(
        received,
        "driver.start",
        parent ? { ...reply, parent_actor: parent.actor_id } : reply,
      );
    } catch (error) {
      client.link.refuse(received, error);
    }
  }

  /** To the head. A client that is gone wants no answer; what it has begun ends with its job. */
  #pass(client: Client, received: Received): void {
    const { signal } = client.gone;
    this.host.ask(client, received.message, received.body, signal).then(
      (answer) =>
        client.link.passOn(received, answer.fields as Record<string, unknown>, answer.body),
      (error) => {
        if (!signal.aborted || error instanceof LinkClosed) client.link.refuse(received, error);
      },
    );
  }

  #workerOf(client: Client) {
    if (client.worker) return client.worker;
    throw new ProtocolError("Only a worker that has said hello may say this");
  }
}

function versionFault(protocol: number): RequestFailed {
  return new RequestFailed(
    "version",
    `Cannot talk to this Python package (protocol ${protocol}): the daemon has protocol ` +
      `${PROTOCOL_VERSION}.`,
    "Use the folder that `beam shim-path` prints in PYTHONPATH, or restart the node with the " +
      "same beam.",
  );
}
