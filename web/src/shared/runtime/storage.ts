/** Local storage that never throws: private windows and full disks only lose comfort. */
export const storage = {
  read<T>(key: string): T | null {
    try {
      const text = localStorage.getItem(`virage.${key}`);
      return text === null ? null : (JSON.parse(text) as T);
    } catch {
      return null;
    }
  },
  write(key: string, value: unknown): void {
    try {
      if (value === null || value === undefined) localStorage.removeItem(`virage.${key}`);
      else localStorage.setItem(`virage.${key}`, JSON.stringify(value));
    } catch {
      // Nothing essential is stored only here.
    }
  },
};
