/** What looks like an e-mail address; whether it is one only its mail tells. */
export const ADDRESS = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;
