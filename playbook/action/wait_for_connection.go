package action

import (
	"context"
	"fmt"
	"time"

	"drover/modules"
	"drover/playbook/value"
)

type waitArgs struct {
	ConnectTimeout int `arg:"connect_timeout" default:"5" doc:"How many seconds one attempt may take."`
	Delay          int `arg:"delay" default:"0" doc:"How many seconds to wait before the first attempt."`
	Sleep          int `arg:"sleep" default:"1" doc:"How many seconds to wait between attempts."`
	Timeout        int `arg:"timeout" default:"600" doc:"After how many seconds to give up."`
}

func waitSpec() *modules.Spec {
	return modules.SpecOf[waitArgs](modules.Spec{
		Name:     "ansible.builtin.wait_for_connection",
		Options:  true,
		Summary:  "Wait until a host can be reached",
		Doc:      "Tries fresh connections until the host answers.",
		Check:    modules.CheckNone,
		Examples: "- ansible.builtin.wait_for_connection:\n    delay: 10\n    timeout: 300\n",
		Returns:  []modules.Return{{Name: "elapsed", Type: "int", When: "always", Doc: "The seconds it took."}},
	})
}

func waitForConnection(ctx context.Context, t Task) (*value.Dict, error) {
	a, err := decode[waitArgs](t, waitSpec())
	if err != nil {
		return nil, err
	}
	if t.Check() {
		return value.DictOf("skipped", true), nil
	}
	start := time.Now()
	if err := sleep(ctx, seconds(a.Delay)); err != nil {
		return nil, err
	}
	last := a.until(ctx, t, time.Now().Add(seconds(a.Timeout)))
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	result := value.DictOf("changed", false, "elapsed", int(time.Since(start).Seconds()))
	if last != nil {
		result.Put("failed", value.Bool(true))
		result.Put("msg", value.Str(fmt.Sprintf("timed out waiting for ping module test: %s", last)))
	}
	return result, nil
}

// until tries until an attempt succeeds or the end comes, and gives the error
// of the last attempt.
func (a *waitArgs) until(ctx context.Context, t Task, end time.Time) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, max(seconds(a.ConnectTimeout), time.Second))
		err := t.Run().Ping(attempt, t.Host())
		cancel()
		if err == nil || ctx.Err() != nil || time.Now().Add(seconds(a.Sleep)).After(end) {
			return err
		}
		if sleep(ctx, seconds(a.Sleep)) != nil {
			return err
		}
	}
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
