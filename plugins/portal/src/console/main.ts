import {start} from '../shared/start';
import '../shared/styles/console.css';
import Console from './Console.svelte';

start(Console);
