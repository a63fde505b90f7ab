"""Pages of the operator's own text: terms of sale, privacy, legal notice, accessibility statement, help."""
