import {
  HISTORY_TURNS,
  cutAnswer,
  nameSession,
  turnKey,
  type NewTurn,
  type Session,
  type SessionStore,
} from "../../handlers/requests/sessions";

/** Keeps turns in this process. */
export interface TurnKeeper {
  /** Keeps a turn with its answer cut. Keeping it again changes nothing. */
  append(session: Session, turn: NewTurn): void;
}

/** Sessions in this process. Given to `memoryRequests`, they are kept with the endings, as in the tables. */
export function memorySessions(): SessionStore & TurnKeeper {
  const sessions = new Map<string, Map<string, NewTurn>>();
  return {
    async recent(session, nowMs) {
      const turns = [...(sessions.get(nameSession(session)) ?? [])];
      return turns
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .slice(-HISTORY_TURNS)
        .filter(([, turn]) => turn.expiresAt * 1000 > nowMs)
        .map(([, { prompt, answer }]) => ({ prompt, answer }));
    },
    append(session, turn) {
      const key = nameSession(session);
      sessions.set(
        key,
        (sessions.get(key) ?? new Map<string, NewTurn>()).set(turnKey(turn), {
          ...turn,
          answer: cutAnswer(turn.answer),
        }),
      );
    },
  };
}
