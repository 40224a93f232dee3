import { Loading } from '../shared/loading';

/** The thumbnails of whichever wall is in sight. */
export const thumbs = new Loading();
