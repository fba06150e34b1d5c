/** What went wrong, in the form of RFC 9457: `application/problem+json`. */

/** Status by the library's error code; other codes are the server's own fault. */
const STATUS: Readonly<Record<string, number>> = {
  USAGE: 400,
  UNKNOWN_METHOD: 400,
  UNKNOWN_FORMATTER: 400,
  UNKNOWN_OPTION: 400,
  INVALID_OPTION: 400,
  UNKNOWN_COLORMAP: 400,
  UNKNOWN_FILTER: 400,
  INVALID_TARGET: 400,
  UNKNOWN_LABEL: 400,
  UNKNOWN_LAYER: 400,
  UNSUITABLE_LAYER: 400,
  INVALID_DOCUMENT: 422,
  INVALID_PICTURE: 422,
  PICTURE_TOO_LARGE: 413,
  UNSUPPORTED_MODEL: 422,
  UNSUPPORTED_OPERATION: 422,
  NEEDS_GRADIENTS: 422,
  NEEDS_ACTIVATIONS: 422,
  MODEL_OUTPUT: 422,
  INVALID_EXPLANATION: 422,
};

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** Seconds after which it is worth trying again. */
    readonly retryAfter?: number,
    /** What the client must not see. */
    readonly hidden?: string,
  ) {
    super(message);
  }

  static of({
    code,
    message,
    status = STATUS[code] ?? 500,
  }: {
    code: string;
    message: string;
    status?: number;
  }): Problem {
    if (status < 500) return new Problem(status, code, message);
    // an unforeseen error may name files of this machine: the operator sees it, the client does not
    return new Problem(status, code, 'this request failed on the server', undefined, message);
  }

  static busy(waiting: number): Problem {
    return new Problem(503, 'BUSY', `${waiting} requests are waiting already; try again later`, 1);
  }

  static late(milliseconds: number): Problem {
    return new Problem(
      504,
      'TIMEOUT',
      `no answer within ${milliseconds / 1000} s; ask for a job with 'prefer: respond-async', or for fewer samples`,
    );
  }

  static aborted(): Problem {
    return new Problem(409, 'ABORTED', 'the job was aborted');
  }

  /** The body of the answer. */
  toJSON(): Record<string, unknown> {
    return {
      type: 'about:blank',
      title: TITLES[this.status] ?? 'Error',
      status: this.status,
      detail: this.message,
      code: this.code,
    };
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};
