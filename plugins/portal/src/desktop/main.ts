import {start} from '../shared/start';
import Desktop from './Desktop.svelte';

start(Desktop);
