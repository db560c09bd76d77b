package action

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"drover/modules"
	"drover/playbook/value"
)

type pauseArgs struct {
	Minutes value.Value `arg:"minutes" type:"raw" doc:"How many minutes to wait, a whole number; the rest of a fraction is cut off."`
	Seconds value.Value `arg:"seconds" type:"raw" doc:"How many seconds to wait, at least one; as a whole number too."`
	Prompt  string      `arg:"prompt" doc:"The text to show instead of the standard one."`
	Echo    bool        `arg:"echo" default:"true" doc:"Whether what is typed can be seen."`
}

func pauseSpec() *modules.Spec {
	return modules.SpecOf[pauseArgs](modules.Spec{
		Name:              "ansible.builtin.pause",
		Summary:           "Wait for a time or for somebody to press enter",
		Doc:               "Waits once for all hosts. Without a time it asks and gives back what was typed; where there is no terminal it does not wait for an answer. Ctrl+C asks whether to go on (C) or to fail the task (A).",
		Check:             modules.CheckFull,
		MutuallyExclusive: [][]string{{"minutes", "seconds"}},
		Examples:          "- ansible.builtin.pause:\n    seconds: 10\n- ansible.builtin.pause:\n    prompt: Which version\n  register: answer\n",
		Returns: []modules.Return{
			{Name: "user_input", Type: "str", When: "always", Doc: "What was typed."},
			{Name: "start", Type: "str", When: "always", Doc: "When it began."},
			{Name: "stop", Type: "str", When: "always", Doc: "When it ended."},
			{Name: "delta", Type: "int", When: "always", Doc: "The seconds it took."},
			{Name: "stdout", Type: "str", When: "always", Doc: "How long it was, in words."},
			{Name: "echo", Type: "bool", When: "always", Doc: "The argument echo."},
		},
	})
}

func pause(ctx context.Context, t Task) (*value.Dict, error) {
	a, err := decode[pauseArgs](t, pauseSpec())
	if err != nil {
		return nil, err
	}
	seconds, timed, err := a.duration()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	input := ""
	if timed {
		err = a.wait(ctx, t, seconds)
	} else {
		input, err = a.ask(ctx, t)
	}
	if err != nil {
		return nil, err
	}
	return a.result(start, time.Now(), input), nil
}

// duration gives how long to wait; timed is false when it waits for a person.
func (a *pauseArgs) duration() (seconds int64, timed bool, err error) {
	switch {
	case a.Minutes != nil:
		seconds, err = truncated("minutes", a.Minutes)
		seconds *= 60
	case a.Seconds != nil:
		seconds, err = truncated("seconds", a.Seconds)
	default:
		return 0, false, nil
	}
	return max(seconds, 1), true, err
}

// truncated makes a whole number of an argument as Python's int does: a
// fraction is cut off, text must be a whole number.
func truncated(name string, v value.Value) (int64, error) {
	if f, ok := v.(value.Float); ok {
		return int64(f), nil
	}
	if n, ok := value.AsInt(v); ok {
		return int64(n), nil
	}
	text, ok := value.AsString(v)
	if n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); ok && err == nil {
		return n, nil
	}
	why := "invalid literal for int() with base 10: " + value.Repr(v)
	if !ok {
		why = "a number is needed"
	}
	return 0, modules.Failf("argument '%s' is of type %s and we were unable to convert to int: %s", name, v.Type(), why)
}

func (a *pauseArgs) hidden() string {
	if a.Echo {
		return ""
	}
	return " (output is hidden)"
}

// pauseKeys tells how to end a timed pause early.
const pauseKeys = "(ctrl+C then 'C' = continue early, ctrl+C then 'A' = abort)"

// wait waits for a time; ctrl+C on a terminal asks whether to end it early.
func (a *pauseArgs) wait(ctx context.Context, t Task, seconds int64) error {
	t.Run().Print(fmt.Sprintf("Pausing for %d seconds%s", seconds, a.hidden()))
	text := pauseKeys
	if a.Prompt != "" {
		t.Run().Print(pauseKeys)
		text = a.heading(t, a.Prompt)
	}
	limit := time.Duration(seconds) * time.Second
	_, interactive, err := t.Run().ReadKeys(ctx, text, Keys{Limit: limit})
	switch {
	case !interactive:
		return sleep(ctx, limit)
	case errors.Is(err, ErrInterrupted):
		return a.interrupted(ctx, t)
	}
	return err
}

// ask waits for a line of text.
func (a *pauseArgs) ask(ctx context.Context, t Task) (string, error) {
	text := a.Prompt
	if text == "" {
		text = "Press enter to continue, Ctrl+C to interrupt"
	}
	line, interactive, err := t.Run().ReadKeys(ctx, a.heading(t, text), Keys{Complete: "\r\n", Echo: a.Echo})
	if errors.Is(err, ErrInterrupted) {
		return "", a.interrupted(ctx, t)
	}
	if err != nil {
		return "", err
	}
	if !interactive {
		t.Warn("Not waiting for response to prompt as stdin is not interactive")
	}
	return line, nil
}

// heading is a prompt below the name of the task that asks.
func (a *pauseArgs) heading(t Task, text string) string {
	return "[" + t.Name() + "]\n" + text + a.hidden() + ":"
}

// interrupted asks, after ctrl+C, whether the play goes on; nil says it does.
func (a *pauseArgs) interrupted(ctx context.Context, t Task) error {
	_, _, err := t.Run().ReadKeys(ctx, "Press 'C' to continue the play or 'A' to abort", Keys{Complete: "c", Interrupt: "a"})
	if errors.Is(err, ErrInterrupted) {
		return modules.Failf("user requested abort!")
	}
	return err
}

func (a *pauseArgs) result(start, stop time.Time, input string) *value.Dict {
	took, unit := stop.Sub(start).Seconds(), "seconds"
	shown := took
	if a.Seconds == nil {
		shown, unit = took/60, "minutes"
	}
	const layout = "2006-01-02 15:04:05.000000"
	return value.DictOf(
		"changed", false, "rc", 0, "stderr", "",
		"stdout", fmt.Sprintf("Paused for %s %s", value.FloatString(math.Round(shown*100)/100), unit),
		"start", start.Format(layout), "stop", stop.Format(layout), "delta", int(took),
		"echo", a.Echo, "user_input", input,
	)
}

// sleep waits, or until the context ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(max(d, 0))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
