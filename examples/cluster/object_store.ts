/**
 * An object store that speaks S3: addresses that are signed for one request each, and uploads in parts.
 */
import { AwsClient } from "aws4fetch";

const SIGNED_SECONDS = 7 * 24 * 3600;
/** S3 takes up to so many parts; all but the last have at least 5 MiB there. */
export const UPLOAD_PARTS_MAX = 10_000;

/** A bucket and who may use it. */
export interface BucketOptions {
  /** The address of the bucket, such as `http://127.0.0.1:4599/bucket`. */
  readonly url: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

/** A bucket: only the producer has its credentials. */
export class Bucket {
  readonly #client: AwsClient;
  readonly #url: string;

  constructor({ url, ...credentials }: BucketOptions) {
    this.#client = new AwsClient({ ...credentials, service: "s3" });
    this.#url = url.replace(/\/$/, "");
  }

  /** The address of an object without a signature, as messages show it. */
  label(key: string): string {
    return `${this.#url}/${key}`;
  }

  /** An address that allows one kind of request for a week. */
  async sign(method: string, key: string, query: Readonly<Record<string, string>> = {}): Promise<string> {
    const url = new URL(this.label(key));
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    url.searchParams.set("X-Amz-Expires", `${SIGNED_SECONDS}`);
    return (await this.#client.sign(new Request(url, { method }), { aws: { signQuery: true } })).url;
  }

  /** Uploads a whole object. */
  async put(key: string, body: BodyInit): Promise<void> {
    await checked(await fetch(await this.sign("PUT", key), { method: "PUT", body }));
  }

  /** Starts an upload in parts; returns its id. */
  async startUpload(key: string): Promise<string> {
    const response = await fetch(await this.sign("POST", key, { uploads: "" }), { method: "POST" });
    const id = /<UploadId>(.*?)<\/UploadId>/.exec(await checked(response))?.[1];
    if (id === undefined) throw new Error("the object store named no upload");
    return id;
  }

  /** An address that takes one part, from 1. */
  async signPart(key: string, uploadId: string, partNumber: number): Promise<string> {
    return await this.sign("PUT", key, { partNumber: `${partNumber}`, uploadId });
  }

  /** An address that completes the upload. */
  async signComplete(key: string, uploadId: string): Promise<string> {
    return await this.sign("POST", key, { uploadId });
  }
}

/** The body of an answer, which must be a good one. */
export async function checked(response: Response): Promise<string> {
  const text = await response.text();
  if (response.ok && !text.includes("<Error>")) return text;
  throw new Error(`the object store answered ${response.status}: ${text.slice(0, 300)}`);
}

/** What completes an upload: the parts in order, by what the store called them. */
export function completeBody(etags: readonly string[]): string {
  const parts = etags.map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
  return `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
}
