"""The demonstration's yesterday: three tills sold, the office has figures, shifts and a closing; once and for ever."""
