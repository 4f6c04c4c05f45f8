/** A request that is answered with an error; what is thrown anywhere below the router. */

/** See the top of this file. The text goes to the client as it is. */
export class HttpFailure extends Error {
  override name = "HttpFailure";

  constructor(readonly status: number, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
