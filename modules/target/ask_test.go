package target

import (
	"context"
	"errors"
	"testing"
	"time"
)

// parrot says its process number and what it is asked.
var parrot = []string{"/bin/sh", "-c", `while read -r l; do case $l in die) exit 1;; sleep) sleep 60;; esac; echo "$$ $l"; done`}

func TestAskKeepsTheProgram(t *testing.T) {
	r := NewReal()
	first, err := r.Ask(t.Context(), parrot, "same")
	if err != nil {
		t.Fatal(err)
	}
	second, err := r.Ask(t.Context(), parrot, "same")
	if err != nil || first != second {
		t.Errorf("asked twice: %q, %q, %v", first, second, err)
	}
	once, err := AskOnce(t.Context(), r, parrot, "same")
	if err != nil || once == first {
		t.Errorf("a program of its own says %q, the kept one %q; %v", once, first, err)
	}
}

func TestAskStartsAnewAfterAFailure(t *testing.T) {
	r := NewReal()
	if _, err := r.Ask(t.Context(), parrot, "die"); err == nil {
		t.Error("no error from a program that ends")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := r.Ask(ctx, parrot, "sleep"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a program that hangs: %v", err)
	}
	if got, err := r.Ask(t.Context(), parrot, "again"); err != nil || got == "" {
		t.Errorf("after both: %q, %v", got, err)
	}
	if _, err := r.Ask(t.Context(), parrot, "two\nlines"); !errors.Is(err, errNoLine) {
		t.Errorf("two lines: %v", err)
	}
}
