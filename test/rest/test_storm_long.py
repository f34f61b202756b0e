#!/usr/bin/env python3
import storm

if __name__ == "__main__":
    storm.storm("long storm", 100000, 1000)
    storm.cuts(1000)
