package modules

import (
	"context"
	"encoding/hex"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// portOpen tries to connect; with an expression it reads what the server says
// until that matches or the server is silent.
func (w *waiting) portOpen(ctx context.Context) bool {
	patience := min(wholeSeconds(w.ConnectTimeout), max(time.Second, wholeSeconds(w.Timeout)-time.Since(w.start)))
	dialer := net.Dialer{Timeout: patience}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(w.Host, strconv.Itoa(*w.Port)))
	if err != nil {
		return false
	}
	defer conn.Close()
	if w.regex == nil || w.State == "absent" || w.State == "stopped" {
		return true
	}
	var said []byte
	buf := make([]byte, 1024)
	for {
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			return false
		}
		n, err := conn.Read(buf)
		said = append(said, buf[:n]...)
		if w.regex.Match(said) {
			return true
		}
		if err != nil || len(said) > 1<<20 {
			return false
		}
	}
}

// tcpStates maps the names of TCP's states to the kernel's numbers.
var tcpStates = map[string]string{
	"ESTABLISHED": "01", "SYN_SENT": "02", "SYN_RECV": "03", "FIN_WAIT1": "04", "FIN_WAIT2": "05",
	"TIME_WAIT": "06",
}

// drained: no connection that counts is left on the port, by the kernel's
// tables of connections.
func (w *waiting) drained(ctx context.Context) (bool, error) {
	local, anywhere, err := lookupAddresses(ctx, w.Host)
	if err != nil {
		return false, err
	}
	var excluded []netip.Addr
	for _, name := range w.ExcludeHosts {
		addresses, _, err := lookupAddresses(ctx, name)
		if err != nil {
			return false, err
		}
		excluded = append(excluded, addresses...)
	}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		data, _ := w.h.ReadFile(table)
		for _, line := range strings.Split(string(data), "\n") {
			c, ok := parseConnection(line)
			if !ok || c.localPort != *w.Port || !w.counts(c.state) || slices.Contains(excluded, c.remote) {
				continue
			}
			if anywhere || slices.Contains(local, c.local) {
				return false, nil
			}
		}
	}
	return true, nil
}

func (w *waiting) counts(state string) bool {
	return slices.ContainsFunc(w.States, func(name string) bool { return tcpStates[name] == state })
}

// lookupAddresses resolves a name; anywhere is set for 0.0.0.0 and ::.
func lookupAddresses(ctx context.Context, host string) (addresses []netip.Addr, anywhere bool, err error) {
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, false, Failf("can't resolve %s: %w", host, err)
	}
	for _, a := range found {
		addresses = append(addresses, a.Unmap())
		anywhere = anywhere || a.IsUnspecified()
	}
	return addresses, anywhere, nil
}

type tcpConnection struct {
	local, remote netip.Addr
	localPort     int
	state         string
}

// parseConnection reads a line of /proc/net/tcp:
// "  0: 0100007F:0016 0200007F:C350 01 …".
func parseConnection(line string) (c tcpConnection, ok bool) {
	f := strings.Fields(line)
	if len(f) < 4 || !strings.HasSuffix(f[0], ":") {
		return c, false
	}
	var port int
	if c.local, c.localPort, ok = parseSocket(f[1]); !ok {
		return c, false
	}
	c.remote, port, ok = parseSocket(f[2])
	c.state = f[3]
	return c, ok && port > 0
}

// parseSocket reads an address in the kernel's hexadecimal words of four bytes,
// each in the byte order of the (little-endian) machine.
func parseSocket(s string) (netip.Addr, int, bool) {
	address, portText, _ := strings.Cut(s, ":")
	raw, err := hex.DecodeString(address)
	port, err2 := strconv.ParseUint(portText, 16, 16)
	if err != nil || err2 != nil {
		return netip.Addr{}, 0, false
	}
	for i := 0; i+4 <= len(raw); i += 4 {
		slices.Reverse(raw[i : i+4])
	}
	ip, ok := netip.AddrFromSlice(raw)
	return ip.Unmap(), int(port), ok
}
