"""Networks of Caffe (Jia et al. 2014), read without Caffe: their two files become one torch module."""
