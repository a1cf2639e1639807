export const restores:any = null; export const backups:any=null;
