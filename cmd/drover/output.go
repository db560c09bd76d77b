package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"drover/cmd/drover/render"
	"drover/internal/config"
	"drover/playbook/event"
)

// palette colours the few lines that are printed outside a run.
type palette struct{ on bool }

func (p palette) failure(text string) string { return p.paint("0;31", text) }
func (p palette) warning(text string) string { return p.paint("1;35", text) }

func (p palette) paint(code, text string) string {
	if !p.on {
		return text
	}
	return "\x1b[" + code + "m" + strings.ReplaceAll(text, "\n", "\x1b[0m\n\x1b["+code+"m") + "\x1b[0m"
}

// colours decides from the environment alone, for errors before there is a
// configuration.
func colours(f *os.File) palette {
	return palette{wantColour(f, false, false)}
}

// wantColour decides whether f gets colours: what the user said first, then
// whether f is a terminal.
func wantColour(f *os.File, forced, forbidden bool) bool {
	on := func(name string) bool {
		v := os.Getenv(name)
		return v != "" && v != "0" && !strings.EqualFold(v, "false")
	}
	switch {
	case forbidden || on("NO_COLOR") || on("ANSIBLE_NOCOLOR"):
		return false
	case forced || on("FORCE_COLOR") || on("ANSIBLE_FORCE_COLOR"):
		return true
	}
	return term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// display is where a run's events go.
type display struct {
	event.Sinks
	screen *render.Screen
	junit  *render.JUnit
	// replaced reports whether the default output stands for another callback.
	replaced bool
	log      *os.File
}

// displayOptions say what to show beside what the configuration says.
type displayOptions struct {
	printer   string // --output; "" takes stdout_callback
	fallback  string // of ad-hoc commands, unless bin_ansible_callbacks is set
	junit     string
	verbosity int
}

// newDisplay makes the printers of a run.
func newDisplay(cfg *config.Config, o displayOptions) (*display, error) {
	d := &display{}
	ro := renderOptions(cfg, o.verbosity)
	name, notice := pickPrinter(cfg, o, &ro)
	if term.IsTerminal(int(os.Stdout.Fd())) {
		ro.Width = terminalWidth()
		if name == "default" && os.Getenv("TERM") != "dumb" {
			d.screen = render.NewScreen(os.Stdout, terminalWidth)
			ro.Screen, ro.Out = d.screen, d.screen
			if term.IsTerminal(int(os.Stderr.Fd())) {
				ro.Err = d.screen
			}
		}
	}
	p, err := render.New(name, ro)
	if err != nil {
		return nil, &usageError{msg: err.Error()}
	}
	d.Sinks = event.Sinks{p}
	if o.junit != "" {
		d.junit = render.NewJUnit(o.junit)
		d.Sinks = append(d.Sinks, d.junit)
	}
	if cfg.LogPath != "" {
		if err := d.openLog(cfg, ro); err != nil {
			return nil, err
		}
	}
	if d.replaced = notice != ""; d.replaced {
		d.warn(notice)
	}
	return d, nil
}

// openLog appends the run to the log_path file, without colours.
func (d *display) openLog(cfg *config.Config, o render.Options) error {
	f, err := os.OpenFile(cfg.LogPath, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("log_path (%s): %w", cfg.Origin("log_path"), err)
	}
	log := render.NewLog(f)
	o.Out, o.Err, o.Screen, o.Colors, o.Width = log, log, nil, nil, 0
	o.Verbosity = max(o.Verbosity, cfg.LogVerbosity)
	p, err := render.New("default", o)
	if err != nil {
		return err
	}
	d.log, d.Sinks = f, append(d.Sinks, p)
	return nil
}

// warn shows a warning of the command line itself.
func (d *display) warn(text string) { d.Event(event.Warning{Text: text}) }

// close ends what the printers hold open and writes the report.
func (d *display) close(fault error) error {
	if d.screen != nil {
		d.screen.Pause()
	}
	if d.log != nil {
		d.log.Close()
	}
	if d.junit == nil {
		return nil
	}
	if fault != nil {
		d.junit.Fail(fault)
	}
	return d.junit.Close()
}

func renderOptions(cfg *config.Config, verbosity int) render.Options {
	return render.Options{
		Out: io.Writer(os.Stdout), Err: os.Stderr, Verbosity: verbosity,
		Colors: chosenColours(cfg),
		Format: render.Format(cfg.ResultFormat), HideSkipped: !cfg.DisplaySkippedHosts, HideOK: !cfg.DisplayOKHosts,
		FailedToErr: cfg.DisplayFailedStderr, ShowArgs: cfg.DisplayArgs, CustomStats: cfg.ShowCustomStats,
		HostStarts: cfg.ShowHostStart, FailurePath: cfg.ShowPathOnFailure, Pretty: prettyResults(cfg),
		CheckMarkers: cfg.CheckModeMarkers, HideDeprecations: !cfg.DeprecationWarnings, DiffContext: cfg.DiffContext,
		DiffMax: cfg.DiffMax,
	}
}

// chosenColours gives the colours of standard output, nil where there are none.
func chosenColours(cfg *config.Config) render.Colors {
	if !wantColour(os.Stdout, cfg.ForceColor, cfg.NoColor) {
		return nil
	}
	return render.NewColors(cfg.Colors())
}

// prettyResults gives callback_format_pretty, nil where nobody set it.
func prettyResults(cfg *config.Config) *bool {
	if cfg.Origin("callback_format_pretty") == (config.Origin{}) {
		return nil
	}
	return &cfg.PrettyResults
}

// pickPrinter gives the printer's name: --output's, or the one that stands for
// the stdout_callback of ansible.cfg; notice says when there is none.
func pickPrinter(cfg *config.Config, o displayOptions, ro *render.Options) (name, notice string) {
	if o.printer == "yaml" {
		ro.Format = render.YAML
		return "default", ""
	}
	if o.printer != "" {
		return o.printer, ""
	}
	callback := cfg.StdoutCallback
	if o.fallback != "" && (!cfg.AdhocCallbacks || callback == "default") {
		return o.fallback, ""
	}
	switch callback[strings.LastIndexByte(callback, '.')+1:] {
	case "default", "debug":
		return "default", ""
	case "yaml":
		ro.Format = render.YAML
		return "default", ""
	case "json":
		return "document", ""
	case "skippy":
		ro.HideSkipped = true
		return "default", ""
	case "minimal", "oneline":
		return callback[strings.LastIndexByte(callback, '.')+1:], ""
	}
	return "default", fmt.Sprintf("stdout_callback %q (%s) is not there; the default output is used", callback, cfg.Origin("stdout_callback"))
}

func terminalWidth() int {
	if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w > 0 {
		return w
	}
	return 80
}
