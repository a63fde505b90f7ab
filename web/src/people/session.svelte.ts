/** Who is signed in on this browser; remembered, so that tickets have their owner's name without a network. */
import { answered, type Answer } from "../api/answer";
import { api } from "../api/client";
import { storage } from "../kernel/storage";

export interface Me {
  id: string;
  email: string;
  name: string | null;
  locale: "fr" | "en";
  grants?: { role: string }[];
}

class Session {
  me = $state.raw<Me | null>(storage.read<Me>("me"));

  async refresh(): Promise<void> {
    if (!this.me) return;
    const answer = await answered<Me>(api.GET("/api/me"));
    if (answer.ok) this.keep(answer.data);
    else if (answer.problem.status === 401) this.keep(null);
  }

  keep(me: Me | null): void {
    this.me = me;
    storage.write("me", me);
  }

  async signOut(): Promise<Answer<unknown>> {
    const answer = await answered(api.DELETE("/api/session"));
    if (answer.ok || answer.problem.status === 401) this.keep(null);
    return answer;
  }
}

export const session = new Session();
