"""The crossing: a scan is admitted or refused at the gate, and what crossed is known to the ground."""
