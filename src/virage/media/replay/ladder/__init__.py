"""The process `virage ladder`: smaller renditions of video for slow networks."""
