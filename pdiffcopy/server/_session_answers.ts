/**
 * Requests that belong to an upload.
 */
import { NO_BLOCK } from "../kernel/rolling.ts";
import { frameResponse, signatureFrame } from "./_frame_answers.ts";
import type { ServerContext } from "./_server_context.ts";
import { numberParameter, readBody, readJson, Refusal } from "./_server_request.ts";
import type { ServerSessions } from "./_server_sessions.ts";

/** Bytes of frames in one request, beside one block. */
export const FRAMES_SIZE_MAX = (64 << 20) + (1 << 20);

/** Answers one request. */
export async function answerSession(
  context: ServerContext,
  sessions: ServerSessions,
  request: Request,
  query: ReadonlyMap<string, string>,
  id: string,
  action: string,
): Promise<Response> {
  const session = sessions.get(id);
  using _use = sessions.use(session);
  const sizeMax = FRAMES_SIZE_MAX + session.blockSize;
  switch (`${request.method} ${action}`) {
    case "GET ":
      return Response.json(session.state());
    case "DELETE ":
      sessions.abort(id);
      return Response.json({});
    case "GET blocks": {
      using _ = await context.hashTurns.enter(request.signal);
      return frameResponse(await session.ownBlocks(context.threads, request.signal));
    }
    case "POST signature": {
      const { start, end } = session.range(query);
      using _ = await context.hashTurns.enter(request.signal);
      return frameResponse(signatureFrame(await session.digests(start, end), start, end));
    }
    case "PUT frames": {
      const { start, end } = session.range(query);
      const body = await readBody(request, { ...context.bodyLimits, sizeMax }, context.room);
      try {
        return Response.json(await session.apply(start, end, body));
      } finally {
        context.room.give(body);
      }
    }
    case "PUT pieces": {
      const own = query.has("own") ? numberParameter(query, "own", 0, NO_BLOCK) : undefined;
      const from = numberParameter(query, "from", 0, Number.MAX_SAFE_INTEGER);
      const body = await readBody(request, { ...context.bodyLimits, sizeMax }, context.room);
      try {
        return Response.json(await session.compose(from, own, body));
      } finally {
        context.room.give(body);
      }
    }
    case "POST commit":
      return Response.json(await sessions.commit(id, await readJson(request, context.bodyLimits)));
    default:
      throw new Refusal(405, "UNSUPPORTED", "the method is not allowed");
  }
}
