package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"drover/inventory"
	"drover/playbook/engine"
	"drover/playbook/source"
	"drover/playbook/vault"
	"drover/transport"
)

func TestExitCodes(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("no such file"), 1},
		{&usageError{msg: "unknown option"}, 2},
		{source.Errorf(source.Pos{File: "a.yml", Line: 1}, "bad"), 4},
		{fmt.Errorf("wrapped: %w", source.List{errors.New("a"), errors.New("b")}), 4},
		{&transport.UnreachableError{Host: "h", Err: errors.New("gone")}, 4},
		{&optionsError{"conflict"}, 5},
		{&source.Error{Msg: "no such host", Err: inventory.ErrSelection}, 5},
		{&source.Error{Msg: "no such role", Err: fs.ErrNotExist}, 1},
		{&engine.RunError{Err: source.Errorf(source.Pos{File: "a.yml", Line: 1}, "no such handler")}, 1},
		{&engine.HostVarsError{Host: "h", Err: &vault.Error{}}, 4},
		{source.List{&source.Error{Msg: "nothing could read it", Err: inventory.ErrUnparsed}}, 1},
		{context.Canceled, 99},
	} {
		if got := exitCode(tc.err); got != tc.want {
			t.Errorf("%v: exit code %d, want %d", tc.err, got, tc.want)
		}
	}
}

func TestOutcomeCodes(t *testing.T) {
	for _, tc := range []struct {
		o    engine.Outcome
		want int
	}{
		{engine.Outcome{}, 0},
		{engine.Outcome{Failed: true}, 2},
		{engine.Outcome{Failed: true, Unreachable: true}, 4},
		{engine.Outcome{Failed: true, Interrupted: true}, 99},
	} {
		if got := outcomeCode(&tc.o); got != tc.want {
			t.Errorf("%+v: exit code %d, want %d", tc.o, got, tc.want)
		}
	}
}
