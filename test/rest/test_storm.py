#!/usr/bin/env python3
import storm

if __name__ == "__main__":
    storm.storm("storm", 1000, 300)
    storm.lies()
    storm.cuts(40)
