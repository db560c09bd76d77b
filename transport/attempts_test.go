package transport_test

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"drover/transport"
)

// A host that comes up while it is tried again.
func TestConnectionAttempts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().(*net.TCPAddr)
	l.Close()
	target := startHost(t, nil).target()
	up := target.Port
	target.Port = address.Port
	target.CommonArgs = append(target.CommonArgs, "-o", "ConnectionAttempts=60", "-o", "StrictHostKeyChecking=no")
	time.AfterFunc(200*time.Millisecond, func() { forward(t, address, up) })
	c, err := newDialer(t, transport.Options{}).Dial(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

// forward passes one connection to an address on to a port of this machine.
func forward(t *testing.T, address *net.TCPAddr, port int) {
	l, err := net.ListenTCP("tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	defer l.Close()
	in, err := l.Accept()
	if err != nil {
		return
	}
	defer in.Close()
	out, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Error(err)
		return
	}
	go func() { _, _ = io.Copy(out, in) }()
	_, _ = io.Copy(in, out)
}
