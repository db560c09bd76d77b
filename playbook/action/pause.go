package action

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"drover/modules"
	"drover/playbook/value"
)

type pauseArgs struct {
	Minutes *float64 `arg:"minutes" doc:"How many minutes to wait."`
	Seconds *float64 `arg:"seconds" doc:"How many seconds to wait, at least one."`
	Prompt  string   `arg:"prompt" doc:"The text to show instead of the standard one."`
	Echo    bool     `arg:"echo" default:"true" doc:"Whether what is typed can be seen."`
}

func pauseSpec() *modules.Spec {
	return modules.SpecOf[pauseArgs](modules.Spec{
		Name:              "ansible.builtin.pause",
		Summary:           "Wait for a time or for somebody to press enter",
		Doc:               "Waits once for all hosts. Without a time it asks and gives back what was typed; where there is no terminal it does not wait for an answer.",
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
	start := time.Now()
	input := ""
	if seconds, timed := a.duration(); timed {
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
func (a *pauseArgs) duration() (seconds float64, timed bool) {
	switch {
	case a.Minutes != nil:
		seconds = math.Trunc(*a.Minutes) * 60
	case a.Seconds != nil:
		seconds = math.Trunc(*a.Seconds)
	default:
		return 0, false
	}
	return max(seconds, 1), true
}

func (a *pauseArgs) hidden() string {
	if a.Echo {
		return ""
	}
	return " (output is hidden)"
}

// wait waits for a time; enter on a terminal ends it early.
func (a *pauseArgs) wait(ctx context.Context, t Task, seconds float64) error {
	t.Run().Print(fmt.Sprintf("Pausing for %d seconds%s", int(seconds), a.hidden()))
	end := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	text := "(enter = continue early, ctrl+C = abort)"
	if a.Prompt != "" {
		text = a.Prompt + "\n" + text
	}
	_, interactive, err := t.Run().Prompt(ctx, text, false, seconds)
	if interactive && (err == nil || errors.Is(err, context.DeadlineExceeded)) {
		return ctx.Err()
	}
	return sleep(ctx, time.Until(end))
}

// ask waits for a line of text.
func (a *pauseArgs) ask(ctx context.Context, t Task) (string, error) {
	text := a.Prompt
	if text == "" {
		text = "Press enter to continue, Ctrl+C to interrupt"
	}
	line, interactive, err := t.Run().Prompt(ctx, text+a.hidden()+":", a.Echo, 0)
	if err != nil {
		return "", err
	}
	if !interactive {
		t.Warn("Not waiting for response to prompt as stdin is not interactive")
	}
	return line, nil
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
