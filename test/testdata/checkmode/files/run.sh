#!/bin/sh
echo ran > /root/cm/ran
