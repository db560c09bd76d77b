package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"strings"
)

// measureThroughput moves one large file that can't be compressed, there and
// back, beside scp; to one host and to all at once.
func measureThroughput(ctx context.Context, b *bench) (*table, error) {
	const size = 1 << 30
	if err := randomFile(b.path("large"), size); err != nil {
		return nil, err
	}
	t := &table{head: []string{"", "time", "MiB/s in sum", "of scp's rate", "controller's CPU", "controller's memory"}}
	h := b.hosts[0]
	all := b.hosts[:min(len(b.hosts), 6)]
	const head = "- hosts: %s\n  gather_facts: false\n  tasks:\n"
	push := "    - copy: {src: large, dest: " + scratch + "/large}\n"
	one, err := b.play("push", fmt.Sprintf(head, h.name)+push)
	if err != nil {
		return nil, err
	}
	several, err := b.play("push-all", fmt.Sprintf(head, names(all))+push)
	if err != nil {
		return nil, err
	}
	back, err := b.play("fetch", fmt.Sprintf(head, h.name)+"    - fetch: {src: "+scratch+"/large, dest: back, flat: true}\n")
	if err != nil {
		return nil, err
	}
	fresh := func(ctx context.Context) error { return b.onAll(ctx, "rm -rf "+scratch+"; mkdir "+scratch) }
	gone := func(context.Context) error { return os.RemoveAll(b.path("back")) }
	for _, p := range []struct {
		name   string
		scp    string
		play   string
		hosts  int
		before func(context.Context) error
	}{
		{"to one host", b.scp([]host{h}, true), one, 1, fresh},
		{"from one host", b.scp([]host{h}, false), back, 1, gone},
		{fmt.Sprintf("to %d hosts at once", len(all)), b.scp(all, true), several, len(all), fresh},
	} {
		scp, drover := command("scp", "sh", "-c", p.scp), b.run(p.play)
		scp.prepare, drover.prepare = p.before, p.before
		took, err := interleave(ctx, min(b.o.runs, 3), scp, drover)
		if err != nil {
			return nil, err
		}
		for _, c := range []contender{scp, drover} {
			u := took[c.name]
			rate := float64(size>>20) * float64(p.hosts) / u.wall.Seconds()
			t.row(p.name+": "+c.name, u.wall, fmt.Sprintf("%.0f", rate), over(took["scp"].wall, u.wall), u.cpu, mib(u.memory))
		}
	}
	t.note = "Random bytes; drover's time has the connection, the checksum and the atomic replacement in it, scp's only the first."
	return t, b.onAll(ctx, "rm -rf "+scratch)
}

func names(hs []host) string {
	var out []string
	for _, h := range hs {
		out = append(out, h.name)
	}
	return strings.Join(out, ",")
}

// scp is a command line that copies the large file to (or from) the hosts.
func (b *bench) scp(hs []host, to bool) string {
	var line strings.Builder
	for _, h := range hs {
		far := fmt.Sprintf("%s@%s:%s/large", h.user, h.addr, scratch)
		near := b.path("large")
		if !to {
			far, near = b.path("back"), far
		}
		fmt.Fprintf(&line, "scp -q %s %s %s &\n", strings.Join(h.options(), " "), near, far)
	}
	return line.String() + "wait"
}

func randomFile(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.CopyN(f, rand.Reader, size)
	return err
}
