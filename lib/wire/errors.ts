/**
 * Errors of the wire.
 *
 *     WireError
 *      ├─ ProtocolError   the peer sent bytes that no beam sends; the link is closed
 *      ├─ LinkClosed      the link ended while something waited on it
 *      └─ RequestFailed   the peer answered a request with an error
 *
 * A {@link RequestFailed} crosses the wire as the message `error`; its `code` is what programs
 * test, its message is one sentence for a person, its `mend` says what to do.
 */
export class WireError extends Error {
  override name = "WireError";
}

/** The peer sent bytes that break the protocol. */
export class ProtocolError extends WireError {
  override name = "ProtocolError";
}

/** The link ended. `message` says why. */
export class LinkClosed extends WireError {
  override name = "LinkClosed";
}

/** The peer refused a request, a hello included. */
export class RequestFailed extends WireError {
  override name = "RequestFailed";

  constructor(readonly code: string, message: string, readonly mend?: string) {
    super(message);
  }
}
