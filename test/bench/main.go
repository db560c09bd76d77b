// Command bench measures drover beside plain ssh, Ansible and Mitogen (where
// they are installed) and prints how they compare. It touches nothing but this
// machine's loopback and test hosts: those of -inventory, or ones that it boots
// with test/hosts/lab (root on Linux).
//
//	go run ./test/bench                        everything, about ten minutes
//	go run ./test/bench -only mixed,startup    some sections
//	go run ./test/bench -doc docs/BENCHMARKS.md
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == fleetArg {
		exit(serveFleet(os.Args[2:]))
	}
	var o options
	flag.StringVar(&o.inventory, "inventory", "", "inventory of the hosts to use; without it four are booted")
	flag.StringVar(&o.doc, "doc", "", "also write the report to this file")
	flag.IntVar(&o.runs, "runs", 3, "runs of each contender, of which the median counts")
	flag.IntVar(&o.slowRuns, "slow-runs", 3, "the same for Ansible and Mitogen, which take minutes")
	flag.IntVar(&o.fleet, "fleet", 10000, "hosts of the largest simulated fleet")
	flag.StringVar(&o.repo, "repo", os.Getenv("BENCH_REPO"), "a large repository of playbooks for --syntax-check (BENCH_REPO)")
	flag.StringVar(&o.playbook, "playbook", envOr("BENCH_PLAYBOOK", "cluster.yml"), "the playbook in it (BENCH_PLAYBOOK)")
	flag.StringVar(&o.drover, "drover", "", "the program to measure; without it it is built")
	only := flag.String("only", "", "sections to run, by name: "+strings.Join(sectionNames(), ","))
	flag.Parse()
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	exit(run(ctx, o))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func envOr(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

type options struct {
	inventory, doc, repo, playbook, drover string
	runs, slowRuns, fleet                  int
	only                                   []string
}

// section is a part of the report. Its measure has as much time as limit.
type section struct {
	name, title string
	hosts       bool // it needs test hosts
	limit       time.Duration
	measure     func(ctx context.Context, b *bench) (*table, error)
}

func sections() []section {
	return []section{
		{"commands", "20 × command", true, 15 * time.Minute, measureCommands},
		{"mixed", "A mixed playbook of 70 tasks", true, 40 * time.Minute, measureMixed},
		{"contact", "Contact with a host", true, 2 * time.Minute, measureContact},
		{"startup", "Start-up", false, 3 * time.Minute, measureStartup},
		{"latency", "Latency: a link of 26 ms", true, 3 * time.Minute, measureLatency},
		{"throughput", "Throughput: a file of 1 GiB", true, 5 * time.Minute, measureThroughput},
		{"fleet", "Scale: a simulated fleet", false, 5 * time.Minute, measureFleet},
		{"silent", "One silent host in a thousand", false, 2 * time.Minute, measureSilent},
		{"variables", "Variables: large facts, long loops", false, 4 * time.Minute, measureVariables},
	}
}

func sectionNames() []string {
	var names []string
	for _, s := range sections() {
		names = append(names, s.name)
	}
	return names
}

// run measures the sections and reports them; a section that can't be measured
// says why in the report and does not keep the others from it.
func run(ctx context.Context, o options) error {
	b, err := newBench(ctx, o)
	if err != nil {
		return err
	}
	defer b.close()
	for _, s := range sections() {
		if len(o.only) > 0 && !slices.Contains(o.only, s.name) {
			continue
		}
		t, err := b.section(ctx, s)
		if err != nil {
			t = &table{note: "Not measured: " + firstOf(err)}
		}
		b.report.add(s.title, t)
		b.report.print(os.Stdout, s.title, t)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if o.doc != "" {
			if err := b.report.write(o.doc); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) section(ctx context.Context, s section) (*table, error) {
	if s.hosts {
		if err := b.needHosts(ctx); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	return s.measure(ctx, b)
}
