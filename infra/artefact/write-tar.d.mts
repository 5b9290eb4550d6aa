export interface PackedFile {
  /** In the tar. */
  path: string;
  /** Where its bytes are. */
  source: string;
  sizeBytes: number;
  isExecutable: boolean;
}

/** Writes a tar.gz of files that belong to root, in the order of their paths: the same files make the same bytes. */
export function writeTar(target: string, files: readonly PackedFile[]): Promise<void>;
