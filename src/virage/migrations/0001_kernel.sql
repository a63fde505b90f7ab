create schema if not exists kernel;
