import {
  HISTORY_TURNS,
  keptAnswer,
  sessionKey,
  turnKey,
  type NewTurn,
  type SessionStore,
  type TurnKeeper,
} from "../../handlers/requests/sessions";

/** Sessions in this process. Given to `memoryRequests`, they are kept with the endings, as in the tables. */
export function memorySessions(): SessionStore & TurnKeeper {
  const sessions = new Map<string, Map<string, NewTurn>>();
  return {
    async recent(session, nowMs) {
      const turns = [...(sessions.get(sessionKey(session)) ?? [])];
      return turns
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .slice(-HISTORY_TURNS)
        .filter(([, turn]) => turn.expiresAt * 1000 > nowMs)
        .map(([, { prompt, answer }]) => ({ prompt, answer }));
    },
    append(session, turn) {
      const key = sessionKey(session);
      sessions.set(
        key,
        (sessions.get(key) ?? new Map<string, NewTurn>()).set(turnKey(turn), {
          ...turn,
          answer: keptAnswer(turn.answer),
        }),
      );
    },
  };
}
